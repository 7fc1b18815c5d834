// What every page loads: the style, the search, charts, and live cells where the page is a notebook.
import { drawCharts } from './charts.js';
import { openNotebook } from './notebook.js';
import { openSearch } from './search.js';
import './style.css';

const { root = '', notebook } = document.body.dataset;
openSearch(root);
const content = document.querySelector<HTMLElement>('#content');
if (content) drawCharts(content);
if (content && notebook) openNotebook(content, { root, name: notebook });
