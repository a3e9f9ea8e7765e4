#!/usr/bin/env node
// The program scripts/forgekv becomes for `forgekv healthcheck`: without loading the server.

import { healthcheck } from './healthcheck.ts';

process.exitCode = await healthcheck(process.argv.slice(2));
