npx lola scheduler > scheduler.log 2>&1 &
tail -f scheduler.log
