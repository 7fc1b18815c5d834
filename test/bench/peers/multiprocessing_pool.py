"""The original's multiprocessing.Pool program, made right: a stream of its own for each worker, and no sample lost."""
import multiprocessing

from measuring import need, options, report_pi

np = need('numpy', 'python3-numpy')


def inside_circle(partition):
    total_count, seed = partition
    random = np.random.RandomState(np.random.MT19937(seed))  # np.random.uniform's generator
    x = np.float32(random.uniform(size=total_count))
    y = np.float32(random.uniform(size=total_count))
    radii = np.sqrt(x * x + y * y)
    filtered = np.where(radii <= 1.0)
    return len(radii[filtered])


def partitions(total_count):
    least, larger = divmod(total_count, arguments.workers)
    # Independent streams; a fork would give every worker a copy of one state, and so the same numbers.
    seeds = np.random.SeedSequence(arguments.seed).spawn(arguments.workers)
    return [(least + (i < larger), seed) for i, seed in enumerate(seeds)]


def count_with_pool(total_count):
    return sum(pool.map(inside_circle, partitions(total_count)))


if __name__ == '__main__':
    arguments = options(__doc__).parse_args()
    with multiprocessing.Pool(arguments.workers) as pool:
        children = [process.pid for process in multiprocessing.active_children()]
        report_pi('multiprocessing-pool', count_with_pool, arguments, children)
