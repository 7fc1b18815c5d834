"""dask.distributed on this machine: a scheduler and worker processes of one thread each.

--mode pi       the original's program as one lazy sum
--mode submit   --tasks trivial tasks, submitted one by one without waiting, then gathered
--mode map      the same through client.map
--mode await    the same, each awaited before the next is submitted: how long one task takes
--mode startup  a scheduler and its workers, from nothing until the last worker has joined
"""
import json
import os
import time

from measuring import at_least, need, options, report_pi, warm_repeats

da = need('dask.array', 'python3-dask')
distributed = need('distributed', 'python3-distributed')
clone = need('dask.graph_manipulation', 'python3-dask').clone


def start():
    cluster = distributed.LocalCluster(n_workers=arguments.workers, threads_per_worker=1, processes=True,
                                       host='127.0.0.1', dashboard_address=None)
    client = distributed.Client(cluster)
    client.wait_for_workers(arguments.workers)
    return cluster, client


def inside_circle(total_count):
    random = da.random.RandomState(arguments.seed)  # gives each chunk a stream of its own
    chunks = arguments.chunks or -(-total_count // 10)  # the original's default, rounded up
    x = random.uniform(size=total_count, chunks=chunks)
    y = random.uniform(size=total_count, chunks=chunks)
    # Under new names: a scheduler that has not yet forgotten the last repeat would give its result again.
    return int(clone((x * x + y * y <= 1.0).sum()).compute())


def successor(i):
    return i + 1


def submit(tasks):
    check(client.gather([client.submit(successor, i, pure=False) for i in range(tasks)]))
    return {}


def map_all(tasks):
    check(client.gather(client.map(successor, range(tasks), pure=False)))
    return {}


def await_each(tasks):
    results, latencies = [], []
    for i in range(tasks):
        begin = time.perf_counter()
        results.append(client.submit(successor, i, pure=False).result())
        latencies.append(time.perf_counter() - begin)
    check(results)
    return {'medianLatencySeconds': sorted(latencies)[tasks // 2]}


def check(results):
    if results != list(range(1, len(results) + 1)):
        raise RuntimeError('dask-distributed: the tasks gave wrong results')


def report_tasks(run, children):
    results, measured = warm_repeats(run, arguments.tasks, arguments, children)
    extra = {name: [result[name] for result in results] for name in results[0]}
    print_line(tasks=arguments.tasks, **measured, **extra)


def report_startup():
    seconds = []
    for _ in range(arguments.repeats):
        begin = time.perf_counter()
        cluster, client = start()
        seconds.append(time.perf_counter() - begin)
        client.close()
        cluster.close()
    print_line(tasks=1, seconds=seconds)


def print_line(**fields):
    print(json.dumps({'peer': f'dask-distributed-{arguments.mode}', 'workers': arguments.workers, **fields}))


if __name__ == '__main__':
    parser = options(__doc__)
    parser.add_argument('--mode', choices=['pi', 'submit', 'map', 'await', 'startup'], default='pi')
    parser.add_argument('--chunks', type=at_least(1), help='samples in a chunk; the original\'s tenth if absent')
    parser.add_argument('--tasks', type=at_least(1), default=1000)
    arguments = parser.parse_args()
    if arguments.mode == 'startup':
        report_startup()
    else:
        cluster, client = start()
        with cluster, client:
            children = list(client.run(os.getpid).values())
            if arguments.mode == 'pi':
                report_pi('dask-distributed', inside_circle, arguments, children)
            else:
                report_tasks({'submit': submit, 'map': map_all, 'await': await_each}[arguments.mode], children)
