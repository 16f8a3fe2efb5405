#!/bin/sh
# The launcher: finds the version that an instance runs, checks what of it runs first, and starts it; else the one before it;
# else it asks the person. Boot contract v1, see docs/boot-contract.md. It stands at <root>/boot/moult, writes nothing below
# <root>, and needs a POSIX shell, sed, ls, sort, head, readlink and sha256sum. One exit code is its own: 4, nothing whole to start.

set -u
newline='
'
root='' instance=default wanted=start support='' safe=''

usage() {
  echo "usage: moult [--instance NAME] [--safe] [--which] [--support FILE] [what the program takes]" >&2
  exit 2
}

say() { printf 'moult: %s\n' "$*" >&2; }

# --- Reading. Everything is refused that is not exactly what the contract says.

# The single line of a file of JSON, in $line.
read_line() {
  line=''
  [ -f "$1" ] && [ ! -L "$1" ] && [ -r "$1" ] || return 1
  line=$(LC_ALL=C sed -n -e '1{' -e '/^{"[^[:cntrl:]]*}$/p' -e '}' -e '2{' -e 's/.*/x/p' -e q -e '}' "$1" 2>/dev/null)
  case $line in '' | *"$newline"*) return 1 ;; esac
  for name in epoch generation n previous schema state treeDigest version; do
    case $line in *[{,]\"$name\":*[{,]\"$name\":*) return 1 ;; esac
  done
  # Another schema is a later launcher's.
  take schema || return 0
  [ "$value" = 1 ]
}

# The value of a field of $line, in $value. A quote within a text is escaped, so a name with its colon is never part of one.
take() {
  case $line in *[{,]\"$1\":*) ;; *) return 1 ;; esac
  value=${line#*[{,]\"$1\":}
  value=${value%%[,\}]*}
}

# Whether $1 is a whole number above 0 of at most fifteen digits.
is_number() {
  case $1 in '' | 0* | *[!0-9]*) return 1 ;; esac
  [ ${#1} -le 15 ]
}

# The record of generation $1: $n, $epoch, $previous (0: none), $state, $name (of its version).
read_generation() {
  n=''
  read_line "$home/generations/$1.json" || return 1
  take n && [ "$value" = "$1" ] || return 1
  take epoch && is_number "$value" || return 1
  epoch=$value
  take previous || return 1
  previous=0
  if [ "$value" != null ]; then
    is_number "$value" || return 1
    previous=$value
  fi
  take state || return 1
  state=$value
  case $state in '"staged"' | '"trying"' | '"good"' | '"bad"') ;; *) return 1 ;; esac
  take version || return 1
  version=${value#\"} version=${version%\"}
  case $version in '' | [!0-9]* | *[!0-9A-Za-z.+-]*) return 1 ;; esac
  take treeDigest || return 1
  digest=${value#\"} digest=${digest%\"}
  case $digest in *[!0-9a-f]*) return 1 ;; esac
  [ ${#digest} -eq 64 ] && [ "$value" = "\"$digest\"" ] || return 1
  name=$version-${digest%"${digest#????????}"}
  n=$1
}

# Whether version $1 may be started: $entry and $engine are its programs (empty: none). $why says what is wrong.
is_whole() {
  entry='' engine='' why="version $1 is not there"
  [ -f "$root/versions/$1.json" ] && [ -d "$root/versions/$1" ] && [ ! -L "$root/versions/$1" ] || return 1
  list=$root/versions/$1.boot why="version $1 has no list of what to check"
  [ -f "$list" ] && [ ! -L "$list" ] || return 1
  { IFS= read -r first && IFS= read -r second && IFS= read -r third; } <"$list" || return 1
  [ "$first" = '# moult boot list 1' ] || return 1
  case $second in '# entry '?*) entry=${second#\# entry } ;; '# no entry') ;; *) return 1 ;; esac
  case $third in '# engine '?*) engine=${third#\# engine } ;; '# no engine') ;; *) return 1 ;; esac
  # What is neither a remark nor a sum is kept as an x; the last line says how many sums there are: a list that was cut off has none.
  sums=$(LC_ALL=C sed -n -e '$p' -e '/^# /d' -e '/^[0-9a-f]\{64\}  [^[:cntrl:]]*$/!s/.*/x/' -e p "$list" 2>/dev/null)
  case $newline$sums in *"${newline}x$newline"*) return 1 ;; esac
  split "$sums"
  sums=${sums%"$end"}
  [ "$end" = "# $count files" ] || return 1
  why="version $1 is not as it was built"
  for program in "$entry" "$engine"; do
    [ -z "$program" ] || [ -x "$root/versions/$1/$program" ] || return 1
  done
  [ "$count" -eq 0 ] || (cd "$root/versions/$1" && printf %s "$sums" | sha256sum -c - >/dev/null 2>&1) || return 1
  why=''
}

# The last line of $1, in $end, and how many there are before it, in $count. Cutting texts by patterns takes time by the square of their length.
split() {
  set -f
  IFS=$newline
  # The text is split into words here, on purpose.
  set -- $1
  unset IFS
  set +f
  eval "end=\${$#}"
  count=$(($# - 1))
}

# Whether version $1 takes the words of the `moult` command, by its list.
carries_engine() {
  { IFS= read -r first && IFS= read -r second && IFS= read -r third; } 2>/dev/null <"$root/versions/$1.boot" || return 1
  case $third in '# engine '*) ;; *) return 1 ;; esac
}

# --- Choosing.

# Begins anew with the choice of what to start.
begin() { stage=0 queue='' tried=' ' named='' content='' n=''; }

# The current generation and the one before it, in the order in which they are to be tried, in $queue.
first_ones() {
  if ! { read_line "$home/current.json" && take generation && is_number "$value" && read_generation "$value"; }; then
    say 'the record of what runs cannot be read; looking for another version'
    return
  fi
  queue="$n $previous "
  case $state in
    '"good"') ;;
    '"bad"') queue="$previous " ;;
    # What has to prove itself is watched by the version before it.
    *)
      current=$n
      if [ "$previous" != 0 ] && read_generation "$previous" && carries_engine "$name"; then queue="$n $current "; fi
      ;;
  esac
}

# The numbers of all generations, newest first.
all_numbers() {
  ls "$home/generations" 2>/dev/null | LC_ALL=C sed -n 's/^\([1-9][0-9]\{0,14\}\)\.json$/\1/p' | sort -rn
}

# The next generations to try, in $queue.
fill() {
  stage=$((stage + 1))
  case $stage in
    1) first_ones ;;
    2) for number in $(all_numbers); do
      if read_generation "$number" && [ "$state" = '"good"' ]; then queue="$queue$number "; fi
    done ;;
    3) for number in $(all_numbers); do queue="$queue$number "; done ;;
    *) return 1 ;;
  esac
}

# The next generation that can be started and was not tried yet: $n, $name, $epoch, $entry, $engine. After all of them, the newest version
# that carries an engine, which knows how to write the records anew; then $n is empty.
choose() {
  while [ -n "$queue" ] || fill; do
    # A stage may have nothing to offer.
    candidate=${queue%% *} queue=${queue#* }
    case " $tried " in *" $candidate "*) continue ;; esac
    tried="$tried $candidate"
    [ "$n" = "$candidate" ] || read_generation "$candidate" || continue
    if is_whole "$name"; then
      [ -z "$entry$engine" ] || return 0
      content=$name
      continue
    fi
    case " $named " in *" $name "*) ;; *) say "$why" ;; esac
    named="$named $name"
  done
  choose_version
}

choose_version() {
  n='' epoch=''
  for name in $(ls -t "$root/versions" 2>/dev/null | LC_ALL=C sed -n 's/^\([0-9][0-9A-Za-z.+-]*\)\.json$/\1/p'); do
    case " $tried " in *" $name "*) continue ;; esac
    tried="$tried $name"
    is_whole "$name" && [ -n "$engine" ] && return 0
    # A list can be made anew, so one that is gone says nothing about the version; the engine checks every file.
    case $why in '' | *' is not there' | *' is not as it was built') continue ;; esac
    engine=moult
    [ -x "$root/versions/$name/moult" ] && [ -f "$root/versions/$name/resources/app/dist/src/main/cli/moult.mjs" ] && return 0
  done
  return 1
}

# --- Starting.

# An engine that does not come with the version: `boot/engine` names its program and its script, a line each.
other_engine() {
  { IFS= read -r engine_program && IFS= read -r engine_script; } 2>/dev/null <"$root/boot/engine" || return 1
  [ -x "$engine_program" ] && [ -f "$engine_script" ]
}

# Runs the engine on this instance.
with_engine() {
  if [ -n "$engine" ]; then
    run "$root/versions/$name/$engine" --root "$root" --instance "$instance" "$@"
  else
    run "$engine_program" "$engine_script" --root "$root" --instance "$instance" "$@"
  fi
}

# Runs the version's own program as boot contract v1 says, watched by nobody.
with_program() {
  unset MOULT_HOST MOULT_EXPORT_TO MOULT_DENY MOULT_SAFE
  [ -z "$safe" ] || export MOULT_SAFE=1
  export MOULT_ROOT="$root" MOULT_INSTANCE="$instance" MOULT_GENERATION="$n" MOULT_EPOCH="$home/epochs/$epoch"
  export MOULT_BULK="$home/bulk" MOULT_HEALTH=/dev/null MOULT_MODE=run
  count=0
  while IFS= read -r text; do
    # They stand before the sums, and a shell reads byte by byte.
    case $text in '# argument '*) ;; '# '*) continue ;; *) break ;; esac
    text=$(printf '%b.' "${text#\# argument }")
    count=$((count + 1))
    # The declared arguments come before those that were given.
    set -- "$@" "${text%.}"
  done <"$root/versions/$name.boot"
  given=$(($# - count))
  while [ "$given" -gt 0 ]; do
    set -- "$@" "$1"
    shift
    given=$((given - 1))
  done
  cd "$root/versions/$name" || return 126
  run "$root/versions/$name/$entry" "$@"
}

# Runs a command to its end. On a terminal what is typed reaches it by itself; elsewhere the launcher passes on that it shall end.
run() {
  if [ -t 0 ]; then
    "$@"
    return
  fi
  # Without the redirection a background command would have no input.
  "$@" <&0 &
  child=$!
  for signal in TERM HUP INT; do trap "kill -$signal $child 2>/dev/null" "$signal"; done
  while :; do
    wait "$child"
    code=$?
    kill -0 "$child" 2>/dev/null || break
  done
  trap - TERM HUP INT
  return "$code"
}

# Starts the best version there is; returns the exit code, or 4 when there is none.
start() {
  begin
  while choose || other_engine_only; do
    tell_time && began=$seconds
    if [ -n "$engine" ] || other_engine; then
      with_engine start ${safe:+--safe} "$@"
    else
      with_program "$@"
    fi
    code=$?
    case $code in
      # It could not be run at all, or it crashed: the version before it may not.
      126 | 127 | 132 | 134 | 135 | 139) tell_time && [ $((seconds - began)) -lt 60 ] || return "$code" ;;
      *) return "$code" ;;
    esac
    say "version $name could not be run (exit code $code)"
  done
  if [ -n "$content" ]; then
    say "version $content is content only: there is no program to start"
    return 2
  fi
  say "nothing here can be started: no version below $root is whole"
  return 4
}

# Seconds of a clock that nobody sets, in $seconds.
tell_time() {
  seconds=0
  IFS=' .' read -r seconds _ 2>/dev/null </proc/uptime
  return 0
}

# Where no version can be started, an engine from elsewhere may still mend the records; asked once.
other_engine_only() {
  case " $tried " in *' engine '*) return 1 ;; esac
  tried="$tried engine" engine='' name=none
  [ -z "$content" ] && other_engine
}

# --- The escape screen.

back='Go back to the version before'
repair='Repair the files'
plain='Start without evolutions'
save='Save a support file'
leave='Leave'

has_window() { [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && command -v zenity >/dev/null 2>&1; }
has_terminal() { [ -t 0 ] && [ -t 2 ]; }

# Asks what to do, in $answer; fails when nobody can be asked.
ask() {
  if has_terminal; then
    printf '\n%s\n\n  1  %s\n  2  %s\n  3  %s\n  4  %s\n  5  %s\n\nWhat to do? [1-5] ' "$1" "$back" "$repair" "$plain" "$save" "$leave" >&2
    IFS= read -r answer || answer=5
  elif has_window; then
    answer=$(zenity --list --title Moult --text "$1" --hide-header --column - "$back" "$repair" "$plain" "$save" "$leave" 2>/dev/null) || answer=5
  else
    return 1
  fi
}

tell() {
  if has_terminal; then printf '%s\n' "$1" >&2; else zenity --info --title Moult --text "$1" 2>/dev/null; fi
}

# The engine of whatever version is whole, or one from elsewhere.
find_engine() {
  begin
  while choose 2>/dev/null; do [ -z "$engine" ] || return 0; done
  engine='' && other_engine
}

# Asks until something was started or there is nothing more to do; returns $2 when nothing was.
escape() {
  while ask "$1"; do
    case $answer in
      1 | "$back") if ! find_engine; then
        tell 'Nothing here can go back: no version is whole.'
      elif with_engine --yes rollback; then
        start && return 0
      fi ;;
      2 | "$repair") if ! find_engine; then
        tell 'Nothing here can repair: no version is whole. Install it again over this one; your data stays.'
      elif with_engine repair; then
        start && return 0
      fi ;;
      3 | "$plain") safe=yes && start && return 0 ;;
      4 | "$save") support_file "${HOME:-.}/moult-support-$(date +%Y%m%d-%H%M%S).txt" && tell "Saved: $support" ;;
      5 | "$leave" | '') return "$2" ;;
    esac
  done
  return "$2"
}

# What a person who helps wants to see: records and names, nothing of what the application stores.
support_file() {
  support=$1
  {
    echo "# Moult support file, $(date -u +%Y-%m-%dT%H:%M:%SZ)"
    uname -srm
    df -k "$root"
    ls -la "$root" "$root/boot" "$root/versions" "$home" "$home/generations" "$home/epochs"
    for file in "$home/current.json" "$home"/generations/*.json "$home/starts.json" "$root/checked.json"; do
      printf '\n== %s\n' "$file"
      head -c 65536 "$file"
    done
    printf '\n== versions\n'
    for file in "$root"/versions/*.json; do
      file=${file##*/}
      if is_whole "${file%.json}"; then echo "${file%.json} is whole"; else echo "$why"; fi
    done
  } >"$support" 2>&1 || { say "$support cannot be written" && return 1; }
}

# --- The command line.

self=$(readlink -f "$0") || exit 4
root=${self%/*/*}
while [ $# -gt 0 ]; do
  case $1 in
    --root) [ $# -gt 1 ] || usage; root=$2; shift 2 ;;
    --instance) [ $# -gt 1 ] || usage; instance=$2; shift 2 ;;
    --safe) wanted=ask; shift ;;
    --which) wanted=which; shift ;;
    --support) [ $# -gt 1 ] || usage; wanted=support support=$2; shift 2 ;;
    --) shift; break ;;
    *) break ;;
  esac
done
case $instance in '' | *[!a-z0-9-]* | -*) usage ;; esac
home=$root/instances/$instance

case $wanted in
  which)
    begin
    if choose; then
      printf '%s %s %s\n' "${n:-0}" "$name" "${engine:-$entry}"
    else
      # Content has no program; it is whole all the same.
      [ -n "$content" ] && echo "- $content -" || exit 4
    fi
    ;;
  support) support_file "$support" ;;
  ask)
    if has_terminal || has_window; then escape 'Moult was asked to start safely.' 0 && exit 0; fi
    # Nobody can be asked: start as plainly as possible.
    safe=yes
    start "$@"
    ;;
  start)
    start "$@"
    code=$?
    # 4 is also what an engine ends with that found nothing it may start, or a version that ended too soon three times.
    [ "$code" -ne 4 ] || escape 'The application could not be started, or ended soon after its start several times.' 4
    exit "$code"
    ;;
esac
