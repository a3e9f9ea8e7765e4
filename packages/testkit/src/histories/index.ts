export * from './history-recorder.ts';
export * from './history-workload.ts';
export * from './keyspace-model.ts';
export * from './linearizability.ts';
export * from './operation.ts';
export * from './planted-bugs.ts';
export * from './run-history.ts';
