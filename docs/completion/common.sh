# What both shells ask of the command itself. `voxkeeper_socket` is --socket=.. of the line, or empty.

_voxkeeper_ask() {
    command voxkeeper ${voxkeeper_socket:+"$voxkeeper_socket"} --json "$@" 2>/dev/null
}

_voxkeeper_options() {
    case $1 in
@CASES@
    esac
}

# NAME of each [Notify NAME].
_voxkeeper_sections() {
    _voxkeeper_ask show-config | sed -n 's/^[[:space:]]*"'"$1"' \([A-Za-z0-9._-]*\)".*/\1/p'
}

# The values of an option, one a line. Of names only what no shell would expand.
_voxkeeper_values() {
    case $1 in
        --worker) _voxkeeper_ask workers | sed -n 's/^.*"slot":[[:space:]]*\([0-9]*\).*/\1/p' ;;
        --event) printf '%s\n' @EVENTS@ ;;
        --keyspace) _voxkeeper_sections Keyspace ;;
        --sort) printf '%s\n' age ttl ;;
        --wait) echo applied ;;
        --since) printf '%s\n' 10min 1h 1d ;;
        --older-than) printf '%s\n' 2h 1d 3d ;;
        --timeout) printf '%s\n' 30s 5min 1h ;;
        --eta) printf '%s\n' 20min 1h ;;
    esac
}

# What the help calls that which may follow a verb: FILE, ID.
_voxkeeper_operand() {
    case $1 in
@OPERANDS@
    esac
}

# What may follow a verb, one a line.
_voxkeeper_operands() {
    local operand=$(_voxkeeper_operand "$1")
    # Words in small letters stand for themselves: SPAN|end.
    printf '%s\n' "$operand" | tr '|' '\n' | sed -n '/^[a-z]/p'
    case $operand in
        ACTION) printf '%s\n' cancel promote abort ;;
        FILE) _voxkeeper_ask backups | sed -n 's/^.*"file":[[:space:]]*"\([A-Za-z0-9._:-]*\)".*/\1/p' ;;
        ID*) _voxkeeper_ask incidents | sed -n 's/^.*"id":[[:space:]]*"\([A-Za-z0-9._:-]*\)".*/\1/p' ;;
        N) printf '%s\n' 1 2 3 4 8 ;;
        NOTIFIER) _voxkeeper_sections Notify ;;
        SPAN*) printf '%s\n' 30min 1h 1d ;;
        VERB) printf '%s\n' @VERBS@ ;;
    esac
}
