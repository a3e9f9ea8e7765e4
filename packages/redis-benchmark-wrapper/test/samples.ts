// What the tools really print. redis-benchmark: recorded from 7.0.15. memtier: the shape of its
// published outputs, old (1.3), with progress lines over one another, and new (2.x).

export const CSV_HEADER =
  '"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms",' +
  '"p99_latency_ms","max_latency_ms"\n';

export const CSV_SET = `${CSV_HEADER}"SET","398406.41","0.169","0.016","0.151","0.287","0.783","1.663"\n`;

export const CSV_QUOTES = `${CSV_HEADER}"set a"b,c x","124999.99","0.043","0.008","0.031","0.055","0.063","3.383"\n`;

export const CSV_TWO_ROWS = `${CSV_HEADER}"LPUSH (needed to benchmark LRANGE)","124999.99","0.046","0.008","0.039","0.071","0.103","2.167"
"LRANGE_100 (first 100 elements)","90909.09","0.069","0.016","0.063","0.111","0.199","1.975"
`;

export const STDERR_UNKNOWN_COMMAND =
  "Error from server: ERR unknown command 'nosuch', with args beginning with: 'x' \n";

export const STDERR_WRONG_TYPE =
  'Error from server: WRONGTYPE Operation against a key holding the wrong kind of value\n';

export const STDERR_NO_AUTH =
  'Node 127.0.0.1:7911 replied with error:\nNOAUTH Authentication required.\n';

export const STDERR_REFUSED =
  'Could not connect to Redis at 127.0.0.1:7912: Connection refused\n' +
  'WARNING: Could not fetch server CONFIG\n';

export const STDERR_RESET = 'Error: Connection reset by peer\n';

export const MEMTIER_STDERR =
  'Writing results to stdout\n[RUN #1] Preparing benchmark client...\n' +
  '[RUN #1] Launching threads now...\n' +
  '[RUN #1 49%,   0 secs]  2 threads:      201244 ops,  201231 (avg:  201231) ops/sec, ' +
  '20.11MB/sec (avg: 20.11MB/sec),  3.17 (avg:  3.17) msec latency\r' +
  '[RUN #1 100%,   1 secs]  0 threads:      400000 ops,  198756 (avg:  204081) ops/sec, ' +
  '20.01MB/sec (avg: 20.06MB/sec),  3.20 (avg:  3.18) msec latency\n\n';

export const MEMTIER_STDOUT = `2         Threads
20        Connections per thread
10000     Requests per client


ALL STATS
=================================================================================================
Type         Ops/sec     Hits/sec   Misses/sec    Avg. Latency     p50 Latency     p95 Latency     p99 Latency    p100 Latency       KB/sec 
-------------------------------------------------------------------------------------------------
Sets        36363.64          ---          ---         3.17900         3.05500         4.09500         5.21500        11.00700      4012.11 
Gets       363636.36    363600.10        36.26         3.18100         3.05500         4.12700         5.24700        12.09500     39110.22 
Waits           0.00          ---          ---             ---             ---             ---             ---             ---          --- 
Totals     400000.00    363600.10        36.26         3.18082         3.05500         4.11900         5.23900        12.09500     43122.33 
`;

export const MEMTIER_NEW_STDERR =
  '[RUN #1 100%,   2 secs]  0 threads 20 conns:      500000 ops,  250000 (avg:  249875) ops/sec, ' +
  '27.01MB/sec (avg: 26.99MB/sec),  1.60 (avg:  1.60) msec latency\n\n';

export const MEMTIER_NEW_STDOUT = `ALL STATS
Type         Ops/sec    Avg. Latency     p50 Latency     p95 Latency     p99 Latency    p100 Latency       KB/sec
Incrs      250000.00         1.60100         1.51100         2.51100         3.07100         6.07900     11000.00
Totals     250000.00         1.60100         1.51100         2.51100         3.07100         6.07900     22000.00
`;

export const MEMTIER_STDERR_ERROR =
  "server 127.0.0.1:6379 handle error response: -ERR unknown command 'GET'\n";

export const MEMTIER_STDERR_REFUSED = 'connection error: Connection refused\n';
