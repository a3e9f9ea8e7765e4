// The text of --help.

export const HELP = `Usage: forgekv [redis.conf] [options]
       forgekv check DIR
       forgekv check-config FILE [options]
       forgekv import FILE | export FILE
       forgekv healthcheck [--port N | --http-port N]

Serves the Redis protocol on 127.0.0.1:6379. Every directive of redis.conf can
be given as an option: --name value. With check, verifies a data directory or a
backup that no server has open: exit code 0 sound, 1 damaged, 2 unreadable.
With check-config, tells of every line of a redis.conf whether it has an effect:
exit code 0 a server starts from it, 1 it does not, 2 unreadable.
import and export are between files of Redis and a running server; without FILE
they tell their options. healthcheck: exit code 0 when a server answers, else 1.

  --port N              TCP port, 0 = none (6379)
  --bind ADDRESS...     addresses to listen on (127.0.0.1 -::1)
  --unixsocket PATH     also listen on a unix socket
  --dir DIR             data directory (./data)
  --config FILE         read a redis.conf, as the first argument without -- does
  --front-threads N     threads that talk to clients, 1..64, 0 = by the cores
  --shard-threads N     threads that own the shards, 1..64, 0 = by the cores
  --memtable-size-mb N  memory for small values, shared by all threads (512)
  --maxmemory BYTES     most bytes of all keys and values, those on disk too;
                        1gb and the like, 0 = no cap (0)
  --maxmemory-policy P  which keys go when there are more: noeviction,
                        allkeys- or volatile-lru, -lfu, -random, volatile-ttl
  --wal-sync-mode MODE  when the log is synced: EverySecond, Always (before each
                        reply), Never (when the system likes)
  --recover yes         start on a damaged log, with what of it is intact
  --requirepass SECRET  password of the default user; or, where others see the
                        command line, FORGEKV_REQUIREPASS_FILE names its file
  --http-port N         health, metrics and a console on 127.0.0.1, 0 = off
  --http-bind ADDR...   addresses for it; beyond loopback the console needs
  --http-password SECRET
  --logfile FILE        log to a file instead of standard output
  --version             print the version
  --help                print this text
`;
