@echo off
rem Double-click to open the lesson. A Node that is unpacked in this folder (node-v22...-win-x64) is found too.
cd /d "%~dp0"
for /d %%d in ("%~dp0node-v*-win-*") do set "PATH=%%~fd;%PATH%"
where node >nul 2>nul
if errorlevel 1 (
  echo This needs Node. Download the Windows zip from https://nodejs.org/en/download, no admin rights needed,
  echo unpack it into this folder, and double-click start.cmd again.
  pause
  exit /b 1
)
node serve.mjs %*
pause
