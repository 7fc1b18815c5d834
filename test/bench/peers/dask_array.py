"""The original's dask.array program on threads: as it is (--form index), or as one lazy sum (--form sum)."""
from measuring import at_least, need, options, report_pi

np = need('numpy', 'python3-numpy')
dask = need('dask', 'python3-dask')
da = need('dask.array', 'python3-dask')


def inside_circle(total_count):
    random = da.random.RandomState(arguments.seed)  # gives each chunk a stream of its own
    chunks = arguments.chunks or -(-total_count // 10)  # the original's default, rounded up
    x = random.uniform(size=total_count, chunks=chunks)
    y = random.uniform(size=total_count, chunks=chunks)
    if arguments.form == 'sum':
        return int((x * x + y * y <= 1.0).sum().compute())
    radii = da.sqrt(x * x + y * y)
    indices = np.array(da.where(radii <= 1.0)[0])
    return len(radii[indices])


parser = options(__doc__)
parser.add_argument('--form', choices=['index', 'sum'], default='sum')
parser.add_argument('--chunks', type=at_least(1), help='samples in a chunk; a tenth of all if absent, as in the original')
arguments = parser.parse_args()
with dask.config.set(scheduler='threads', num_workers=arguments.workers):
    report_pi(f'dask-array-{arguments.form}', inside_circle, arguments)
