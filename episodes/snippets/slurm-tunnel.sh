ssh -L 8787:localhost:8787 you@{{host}}
