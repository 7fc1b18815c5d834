// VitePress's own look, without its fonts, with the lesson's boxes and live charts, and the licences on every page.
import { useData } from 'vitepress';
import Theme from 'vitepress/theme-without-fonts';
import { h } from 'vue';
import LiveChart from './LiveChart.vue';
import './lesson.css';

export default {
  extends: Theme,
  Layout: () => h(Theme.Layout, null, { 'doc-after': () => h(Licences) }),
  enhanceApp({ app }) {
    app.component('LiveChart', LiveChart);
  },
};

/** VitePress shows its own footer only on pages without a menu. */
function Licences() {
  const message = useData().theme.value.licences;
  return h('section', { class: 'licences', 'aria-label': 'Licences', innerHTML: message });
}
