#!/usr/bin/env bash
# Some tasks of a run, as one array job in which each element computes a share of them: sbatch array.sh
#SBATCH --job-name=lola-array
#SBATCH --array=0-9%4
#SBATCH --time=01:00:00
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
# If a node fails, or a job of higher priority takes it, Slurm restarts the element. It continues
# after its last result.
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%A_%a.log

# prologue: what your site needs to find Node, for example: module load nodejs
set -euo pipefail

node=(node)
element=(dist/lib/slurm/element.js)
run=(lola-runs/by-hand 0)

# MiB; 0 if the job has no limit. Half of it is for the heap, half for arrays, which live outside the heap.
memory=${SLURM_MEM_PER_NODE:-$((${SLURM_MEM_PER_CPU:-0} * ${SLURM_CPUS_ON_NODE:-1}))}
if ((memory > 0)); then node+=("--max-old-space-size=$((memory / 2))"); fi

# exec: the program takes this script's place, so that Slurm's signals arrive at it, and nothing
# outlives the job.
exec "${node[@]}" "${element[@]}" "${run[@]}" "$SLURM_ARRAY_TASK_ID"
