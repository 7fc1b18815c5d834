"""What an expert in numpy writes: tiles that stay in the cache, float32, a fast generator and no temporary array."""
from measuring import at_least, need, options, report_pi

np = need('numpy', 'python3-numpy')


def inside_circle(samples):
    random = np.random.Generator(np.random.SFC64(arguments.seed))
    x, y = np.empty((2, min(arguments.tile, samples)), np.float32)
    inside = np.empty(len(x), bool)
    count = 0
    for start in range(0, samples, arguments.tile):
        size = min(arguments.tile, samples - start)
        u, v, hit = x[:size], y[:size], inside[:size]
        random.random(out=u, dtype=np.float32)
        random.random(out=v, dtype=np.float32)
        np.multiply(u, u, out=u)
        np.multiply(v, v, out=v)
        np.add(u, v, out=u)
        np.less_equal(u, 1, out=hit)
        count += int(np.count_nonzero(hit))
    return count


parser = options(__doc__, most_workers=1)
parser.add_argument('--tile', type=at_least(1), default=2**16)
arguments = parser.parse_args()
report_pi('expert-numpy', inside_circle, arguments)
