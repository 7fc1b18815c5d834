export { default } from './scripts/lint/rules.js';
