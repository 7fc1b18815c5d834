#!/usr/bin/env bash
# Scheduler, workers and client in one job, for sites that allow no programs on the login node: sbatch all-in-one.sh
#SBATCH --job-name=lola-all-in-one
#SBATCH --time=01:00:00
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=2
#SBATCH --open-mode=append

# prologue: what your site needs to find Node, for example: module load nodejs
set -euo pipefail

lola=(node scripts/lola.mjs)
client=(pi --stage distributed --samples 1e9)

threads=${SLURM_CPUS_PER_TASK:-${SLURM_CPUS_ON_NODE:-1}}
folder=$HOME/.lola/job-$SLURM_JOB_ID # closed to other users, and on the file system that all nodes share
(umask 077; rm -rf "$folder"; mkdir -p "$folder") # a job that was requeued may find its old one
file=$folder/scheduler.json

"${lola[@]}" scheduler --host 0.0.0.0 --scheduler-file "$file" &
scheduler=$!
# Whatever happens below, this stops what still runs and removes the folder. After ten seconds, Slurm kills the rest.
end() {
  kill "$scheduler" "${run:-$scheduler}" 2>/dev/null || true
  for _ in {1..100}; do [ -z "$(jobs -r)" ] || sleep 0.1; done
  rm -rf "$folder"
}
trap end EXIT
trap 'exit 143' TERM
until [ -s "$file" ]; do
  kill -0 "$scheduler" || { echo 'lola: the scheduler did not start, see above' >&2; exit 1; }
  sleep 0.1
done

# One worker on each node; they end with the scheduler. Since Slurm 22.05, srun has to be told the cores again;
# and where the site starts jobs with --export=NONE, srun would lose what the prologue has set.
srun --export=ALL --cpus-per-task="$threads" --kill-on-bad-exit=0 "${lola[@]}" worker --scheduler-file "$file" --threads "$threads" --death-timeout 10 &
workers=$!
"${lola[@]}" "${client[@]}" --scheduler-file "$file" &
run=$!
# Without workers the client would wait for ever.
while kill -0 "$run" 2>/dev/null; do
  kill -0 "$workers" 2>/dev/null || { echo 'lola: srun ended before the client, see above: no workers' >&2; exit 1; }
  sleep 0.5
done
wait "$run"
