#!/usr/bin/env bash
# One worker of Lola's cluster, as a Slurm job: sbatch -o worker1.log worker.sh
# For a second worker, submit it again: sbatch -o worker2.log worker.sh
#SBATCH --job-name=lola-worker
#SBATCH --time=01:00:00
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=2
# 120 to 180 s before the time is up, Slurm sends TERM to this script (B:): the worker hands back
# the tasks it has not begun.
#SBATCH --signal=B:TERM@120
# If the node fails, or a job of higher priority takes it, Slurm runs this script again and
# appends to its log.
#SBATCH --requeue
#SBATCH --open-mode=append

# prologue: what your site needs to find Node, for example: module load nodejs
set -euo pipefail

lola=(node scripts/lola.mjs)
join=(--scheduler-file "$HOME/.lola/scheduler.json")

threads=${SLURM_CPUS_PER_TASK:-${SLURM_CPUS_ON_NODE:-1}}
# MiB; 0 if the job has no limit. Slurm kills a job that takes more, so Node must know when to
# collect garbage: half is for the heaps (one per thread, and one for the socket), half for arrays,
# which live outside the heaps.
memory=${SLURM_MEM_PER_NODE:-$((${SLURM_MEM_PER_CPU:-0} * threads))}
if ((memory > 0)); then
  export NODE_OPTIONS="${NODE_OPTIONS:-} --max-old-space-size=$((memory / 2 / (threads + 1)))"
fi

echo "lola worker: job $SLURM_JOB_ID on $SLURMD_NODENAME, threads: $threads," \
  "restarts: ${SLURM_RESTART_COUNT:-0}"
# exec: the worker takes this script's place, so that Slurm's signals arrive at it, and nothing
# outlives the job.
exec "${lola[@]}" worker "${join[@]}" --threads "$threads" \
  --name "$SLURMD_NODENAME-$SLURM_JOB_ID" --death-timeout 60
