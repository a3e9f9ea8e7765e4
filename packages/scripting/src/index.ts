export * from './script-host.ts';
