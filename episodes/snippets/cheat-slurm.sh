ssh {{host}}
module load {{modules}}
cd lolas-pi
npx lola scheduler --host 0.0.0.0 > scheduler.log 2>&1 &
npm run episodes -- --slurm-settings ~/.lola/slurm.json  # partition, account, modules: once
npx lola slurm doctor                                  # can a node run it and reach the scheduler?
npx lola slurm up --workers 2                          # then terminal 3's line, with the log's address
npx lola slurm down                                    # ends these workers and no other job
npx lola pi --stage slurm --samples 1e11               # array jobs, without a scheduler
