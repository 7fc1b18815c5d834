// Charts that react: an element with a figure for plotly is drawn once it comes into view. Until then it shows its picture.
import plotlyUrl from 'plotly.js?url';
import { group, make } from './dom.js';

interface Figure {
  readonly data: readonly object[];
  readonly layout: Readonly<Record<string, unknown>> & { readonly title?: { readonly text?: string } };
}
interface Plotly {
  react(place: HTMLElement, data: readonly object[], layout: object, options: object): Promise<unknown>;
}

const dark = matchMedia('(prefers-color-scheme: dark)');
const drawn = new Map<HTMLElement, Figure>();
let source: Promise<string> | undefined;
let plotly: Promise<Plotly> | undefined;

/** Draws all charts in an element, each when it comes into view. */
export function drawCharts(element: HTMLElement): void {
  for (const place of element.querySelectorAll<HTMLElement>('[data-figure]')) observer.observe(place);
}

/** Fetches plotly in advance, so that charts work offline. It runs only when a chart is drawn. */
export function fetchPlotly(): Promise<string> {
  source ??= fetch(plotlyUrl)
    .then((response) => (response.ok ? response.blob() : Promise.reject(new Error(response.statusText))))
    .then((blob) => URL.createObjectURL(new Blob([blob], { type: 'text/javascript' })));
  source.catch(() => (source = undefined)); // tried again for the next chart
  return source;
}

const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    observer.unobserve(target);
    draw(target as HTMLElement).catch(() => {}); // its picture and its table stay
  }
});

async function draw(place: HTMLElement): Promise<void> {
  plotly ??= loadPlotly();
  await plotly;
  if (!place.isConnected) return;
  const figure = JSON.parse(place.dataset.figure ?? '{}') as Figure;
  const title = figure.layout.title?.text ?? '';
  // The title goes above the chart, because plotly wraps no title to a narrow page.
  const chart = group(make('div'), `Chart: ${title}`);
  place.replaceChildren(make('p', { className: 'title' }, title), chart);
  drawn.set(chart, figure);
  await paint(chart, figure);
}

async function loadPlotly(): Promise<Plotly> {
  const script = make('script');
  script.src = await fetchPlotly();
  await new Promise((loaded, failed) => {
    script.onload = loaded;
    script.onerror = failed;
    document.head.append(script);
  });
  return (window as unknown as { Plotly: Plotly }).Plotly;
}

async function paint(chart: HTMLElement, { data, layout }: Figure): Promise<void> {
  const look = { ...layout, ...lookOf(layout) };
  await (await plotly)?.react(chart, data, look, { displaylogo: false, responsive: true });
}

/** Plotly's own look is made for wide, white paper. */
function lookOf({ xaxis, yaxis }: Figure['layout']): object {
  const [ink, grid] = dark.matches ? ['#dfdfd6', '#4a4a52'] : ['#3c3c43', '#dcdce2'];
  const axis = { gridcolor: grid, zerolinecolor: grid, linecolor: grid };
  return {
    title: undefined,
    margin: { t: 16, r: 16, l: 48 },
    font: { color: ink },
    paper_bgcolor: 'transparent',
    plot_bgcolor: 'transparent',
    xaxis: { ...(xaxis as object), ...axis },
    yaxis: { ...(yaxis as object), ...axis, automargin: true },
  };
}

dark.addEventListener('change', () => {
  for (const [chart, figure] of drawn) {
    if (chart.isConnected) void paint(chart, figure);
    else drawn.delete(chart);
  }
});
