"""What the Python peers share: their command line, their stopwatch and the line of JSON they print."""
import time

BEGIN = time.perf_counter()  # before numpy and dask are imported, which is part of starting up

import argparse
import importlib
import json
import os
import sys

if not sys.platform.startswith('linux'):
    sys.exit(f'measuring.py: other processes are measured as Linux allows, got {sys.platform}. Run the peers on Linux.')


def need(module, package):
    """Imports a module, or ends with exit code 3 and the Debian package that has it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        print(f'{sys.argv[0]}: {error} ({sys.executable}). Install it: apt-get install {package}', file=sys.stderr)
        sys.exit(3)


def at_least(least):
    def integer(text):
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f'must be an integer >= {least}, got {text}')
        return value
    return integer


def options(description, most_workers=None):
    """The command line of every peer; the peer may add options of its own before it calls parse_args."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('--samples', type=at_least(1), default=10_000_000)
    parser.add_argument('--repeats', type=at_least(1), default=5)
    parser.add_argument('--seed', type=at_least(0), default=2017)
    parser.add_argument('--warm-up', type=at_least(0), default=1_000_000,
                        help='samples drawn before the first repeat; 0 to time a program as a whole, from outside')
    parser.add_argument('--workers', type=at_least(1), default=most_workers or len(os.sched_getaffinity(0)),
                        choices=range(1, most_workers + 1) if most_workers else None)
    return parser


def warm_repeats(run, size, arguments, children=()):
    """Calls run(size) again and again. Returns its results, and the measurements as they go into the JSON.

    children: the process ids of the workers, whose CPU time and memory are added to this process's.
    """
    startup = time.perf_counter() - BEGIN
    if arguments.warm_up:
        run(min(size, arguments.warm_up))
    results, wall, cpu = [], [], []
    for _ in range(arguments.repeats):
        cpu_before, before = cpu_seconds(children), time.perf_counter()
        results.append(run(size))
        wall.append(time.perf_counter() - before)
        cpu.append(cpu_seconds(children) - cpu_before)
    peak = sum(peak_bytes(process) for process in ['self', *children])
    return results, {'seconds': wall, 'cpuSeconds': cpu, 'startupSeconds': startup, 'peakMemoryBytes': peak}


def report_pi(peer, inside_circle, arguments, children=()):
    """Measures inside_circle(samples), a count that depends on nothing but the arguments, and prints the line."""
    counts, measured = warm_repeats(inside_circle, arguments.samples, arguments, children)
    if len(set(counts)) > 1:
        sys.exit(f'{peer}: one seed gave several counts: {counts}')
    inside, samples = counts[0], arguments.samples
    pi = 4 * inside / samples
    line = {'peer': peer, 'samples': samples, 'workers': arguments.workers, 'inside': inside, 'pi': pi, **measured}
    print(json.dumps(line))


def cpu_seconds(children):
    # The clock of another process, as clock_getcpuclockid(3) computes it; /proc/PID/stat has ticks of 10 ms only.
    return time.process_time() + sum(time.clock_gettime(~pid << 3 | 2) for pid in children)


def peak_bytes(process):
    # Not getrusage: its ru_maxrss starts from the program that started this one.
    with open(f'/proc/{process}/status') as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith('VmHWM:'))
