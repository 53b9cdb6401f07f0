# What both shells ask of the command itself. `voxkeeper_socket` is --socket=.. of the line, or empty.

_voxkeeper_ask() {
    command voxkeeper ${voxkeeper_socket:+"$voxkeeper_socket"} --json "$@" 2>/dev/null
}

_voxkeeper_options() {
    case $1 in
@CASES@
    esac
}

# The values of an option, one a line. Of names only what no shell would expand.
_voxkeeper_values() {
    case $1 in
        --worker) _voxkeeper_ask workers | sed -n 's/^.*"slot":[[:space:]]*\([0-9]*\).*/\1/p' ;;
        --event) printf '%s\n' @EVENTS@ ;;
        --keyspace) _voxkeeper_ask show-config | sed -n 's/^[[:space:]]*"Keyspace \([A-Za-z0-9._-]*\)".*/\1/p' ;;
        --sort) printf '%s\n' age ttl ;;
        --wait) echo applied ;;
        --since) printf '%s\n' 10min 1h 1d ;;
        --older-than) printf '%s\n' 2h 1d 3d ;;
        --timeout) printf '%s\n' 30s 5min 1h ;;
    esac
}

# What may follow a verb, one a line.
_voxkeeper_operands() {
    case $1 in
        rollout) printf '%s\n' cancel promote abort ;;
        backups | restore) _voxkeeper_ask backups | sed -n 's/^.*"file":[[:space:]]*"\([A-Za-z0-9._:-]*\)".*/\1/p' ;;
        incidents | postmortem)
            _voxkeeper_ask incidents | sed -n 's/^.*"id":[[:space:]]*"\([A-Za-z0-9._:-]*\)".*/\1/p'
            ;;
        help) printf '%s\n' @VERBS@ ;;
    esac
}
