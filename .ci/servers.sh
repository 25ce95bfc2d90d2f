# shellcheck shell=bash
# Sourced by ./check: a private PostgreSQL and a private Redis for all tests of one run.

# Starts both on free ports, with their files in $TMPDIR, and exports where they are. Whoever
# sources this stops ${servers[@]}; should it be killed, the kernel does. They start in their own
# folder, because PostgreSQL's user may not see this one.
start_servers() {
    local data="$TMPDIR/postgres" port as_postgres=()
    mkdir "$data"
    if [ "$(id -u)" = 0 ]; then # as whom PostgreSQL refuses to run
        chown postgres: "$data"
        as_postgres=(--reuid=postgres --regid=postgres --clear-groups)
    fi
    (cd "$data" && exec setpriv "${as_postgres[@]}" initdb --pgdata=. --username=postgres \
        --auth=trust --encoding=UTF8 --locale=C --no-sync >/dev/null)

    # Commits do not wait for the disk: nothing here outlives the machine.
    port=$(free_port)
    (cd "$data" && exec setpriv --pdeathsig QUIT "${as_postgres[@]}" postgres -D . \
        -c listen_addresses=127.0.0.1 -c port="$port" -c unix_socket_directories= \
        -c max_connections=400 -c fsync=off) >"$TMPDIR/postgres.log" 2>&1 &
    servers+=($!)
    wait_for postgres $! pg_isready --quiet --host=127.0.0.1 --port="$port"
    export GATEWAY_TEST_POSTGRES="postgres://postgres@127.0.0.1:$port/postgres"

    port=$(free_port)
    setpriv --pdeathsig KILL redis-server --bind 127.0.0.1 --port "$port" --dir "$TMPDIR" \
        --save "" --appendonly no >"$TMPDIR/redis.log" 2>&1 &
    servers+=($!)
    wait_for redis $! redis-cli -p "$port" ping
    export GATEWAY_TEST_REDIS="redis://127.0.0.1:$port"
}

# A port that nobody listens on, outside the range from which the kernel gives them to tests.
free_port() {
    local port
    while port=$((20000 + RANDOM % 10000)) && (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
    echo "$port"
}

# wait_for NAME PROCESS QUESTION...: until the server has an answer.
wait_for() {
    local name=$1 process=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        if ! kill -0 "$process" 2>/dev/null; then
            echo "$name did not start:" >&2
            cat "$TMPDIR/$name.log" >&2
            exit 1
        fi
        sleep 0.1
    done
}
