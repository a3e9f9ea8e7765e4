export { DEFAULT_LIMITS, LuaEngine } from './lua-engine.ts';
export { FLAG_NAMES, parseShebang, type Shebang } from './script-flags.ts';
export * from './script-host.ts';
