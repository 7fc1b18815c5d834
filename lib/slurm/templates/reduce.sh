#!/usr/bin/env bash
# Adds up what the elements of an array have counted, once all of them have ended: sbatch --dependency=afterany:ID reduce.sh
#SBATCH --job-name=lola-reduce
#SBATCH --time=00:10:00
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
# With 'afterok', a failed element means that this job can never start: without this line it would wait for ever.
#SBATCH --kill-on-invalid-dep=yes
#SBATCH --output=%j.log

# prologue: what your site needs to find Node, for example: module load nodejs
set -euo pipefail

node=(node)
reduce=(dist/lib/slurm/reduce.js)
run=(lola-runs/by-hand)

exec "${node[@]}" "${reduce[@]}" "${run[@]}"
