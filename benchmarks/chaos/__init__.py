"""Whatever dies, nothing is lost: a forum, Heed and somebody who breaks things, all as real processes; then an audit."""
