npm start                                              # every stage, half a minute
npx lola doctor                                        # what this machine has
npx lola pi --stage pool --samples 1e9 --workers 4     # serial, pool, chunked, distributed, slurm
npx lola pi --stage chunked --samples 1e11 --dashboard # watch the boxes move
npx lola race --predict 1.9 --report race.html         # speed-ups, measured in turn, with ranges
