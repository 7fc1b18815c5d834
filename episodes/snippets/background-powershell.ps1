Start-Process cmd -ArgumentList '/c npx lola scheduler > scheduler.log 2>&1' -WindowStyle Hidden
Get-Content scheduler.log -Wait
