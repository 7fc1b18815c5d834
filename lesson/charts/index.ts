// The door of the charts, for notebooks and for tools.
export * from './charts.js';
export { escaped, htmlTable } from './html.js';
export { plotlyHtml } from './plotly.js';
export { pictureOf } from './svg.js';
