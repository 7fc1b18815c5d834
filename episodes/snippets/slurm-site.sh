ssh you@{{host}}
module load {{modules}}
cd lolas-pi
npm run episodes -- --slurm-settings ~/.lola/slurm.json
