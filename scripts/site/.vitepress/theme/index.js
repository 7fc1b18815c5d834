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

/** The front page has a footer by itself; pages beside a menu have not. */
function Licences() {
  return h('p', { class: 'licences', innerHTML: useData().theme.value.footer.message });
}
