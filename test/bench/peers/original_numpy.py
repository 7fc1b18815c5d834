"""The original's serial program: whole arrays, one operation after the other."""
from measuring import need, options, report_pi

np = need('numpy', 'python3-numpy')


def inside_circle(total_count):
    np.random.seed(arguments.seed)
    x = np.float32(np.random.uniform(size=total_count))
    y = np.float32(np.random.uniform(size=total_count))
    radii = np.sqrt(x * x + y * y)
    filtered = np.where(radii <= 1.0)
    return len(radii[filtered])


arguments = options(__doc__, most_workers=1).parse_args()
report_pi('original-numpy', inside_circle, arguments)
