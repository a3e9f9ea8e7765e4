export * from './check-manifest.ts';
export * from './render-chart.ts';
export { TemplateError } from './template-lexer.ts';
