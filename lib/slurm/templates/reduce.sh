#!/usr/bin/env bash
# Adds up what the elements of an array have counted, once all of them have ended: sbatch --dependency=afterany:ID reduce.sh
#SBATCH --job-name=lola-reduce
#SBATCH --time=00:10:00
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
# With 'afterok' a failed element means never: without this line the job would then wait for ever.
#SBATCH --kill-on-invalid-dep=yes
#SBATCH --output=%j.log

# prologue: what your site needs before Node is there, as in: module load nodejs
set -euo pipefail

node=(node)
reduce=(dist/lib/slurm/reduce.js)
run=(lola-runs/by-hand)

exec "${node[@]}" "${reduce[@]}" "${run[@]}"
