/**
 * The supervisor: a few lines of POSIX sh that lead the process group of one execution, so that it
 * needs no platform to end on time and to leave a record. It runs in the attempt's directory, in a
 * session of its own, with the environment of the job.
 *
 *     tickets/TOKEN   a `start` in progress: who makes it            (start, removed by it)
 *     claim           a hard link to the ticket that won             (supervisor)
 *     stop            `cancelled` or `timedOut`, by whom it comes first (stop, watchdog)
 *     killed          touched before SIGKILL                         (stop, watchdog)
 *     collecting      the end was seen and outputs are due           (poll)
 *     result.json     the final report                               (poll)
 *     TOKEN/pid       the supervisor's identity; its time is the start   (supervisor)
 *     TOKEN/exit      `CODE ENDING`; its time is the end                 (supervisor)
 *     TOKEN/wake      a FIFO the watchdog reads                          (watchdog)
 *
 * V1 Nothing runs without the claim. `ln` makes it in one step that fails when a claim exists
 *    (so an attempt has one execution) and when the ticket is gone (so whoever removed the ticket
 *    knows that its supervisor, wherever it was just then, runs nothing).
 * V2 A ticket is removed by its `start`, or by a poll that finds the process behind it dead. A
 *    poll that then still finds no claim answers `unknown`, and that answer stays true.
 * V3 The identity is on disk before the claim, so every claim leads to a process or to its absence.
 * V4 A record is one short line and counts once it ends in a newline; a torn one does not exist.
 * V5 The supervisor catches every graceful signal and does nothing, so one sent to the group ends
 *    the program alone. The command's own shell waits for what it is running and then exits, so a
 *    program in `a && b` may take its time to end and `b` is not begun.
 * V6 The watchdog sends the graceful signal, once, when the soft limit is reached or when it finds
 *    `stop`; then SIGKILL after the grace, and at the hard limit in any case. It opens its FIFO
 *    before it looks for `stop`, and `stop` is written before the FIFO is opened for writing, so a
 *    wish to stop is either found or heard.
 * V7 SIGKILL takes the supervisor along. A group that is gone without `exit` ended as `stop` says,
 *    and without `stop` it is lost.
 * V8 The last act is SIGKILL to the own group: nothing of a job outlives its end, but for what
 *    began a session of its own.
 *
 * Limits count while the machine is awake, as `sleep` does; `poll` adds the wall clock.
 *
 * Arguments: token, command, soft limit, hard limit and grace in seconds, the graceful signal, and
 * the PATH to find `ln` and `sleep` with, because the job may have set one of its own. Names that
 * begin with ORRERY_ are ours; other variables belong to the job and are not touched.
 */
export const SUPERVISOR_SCRIPT = `
trap : HUP INT USR1 USR2 TERM
set -- "$@" "$PATH"
PATH=$7
ORRERY_BOOT=
if read -r ORRERY_BORN 2>/dev/null </proc/$$/stat; then
  read -r ORRERY_BOOT </proc/sys/kernel/random/boot_id
else
  ORRERY_BORN=$(LC_ALL=C ps -o lstart= -p $$)
fi
printf '%s\\n' "$$" "$ORRERY_BOOT" "$ORRERY_BORN" >"$1/pid" || exit 1
unset ORRERY_BOOT ORRERY_BORN
ln "tickets/$1" claim || exit 1
exec 3>&-

orrery_pause() {
  # A program that kills every sleep it can find gets one more, not a job without limits.
  sleep "$1" || sleep "$1"
}
orrery_kill() {
  : >killed
  kill -s KILL 0
}
(
  trap '' HUP INT USR1 USR2 TERM
  { orrery_pause "$4"; ln "$1/limit" stop 2>/dev/null; orrery_kill; } &
  mkfifo "$1/wake" || exit 1
  exec 3<>"$1/wake"
  { orrery_pause "$3"; echo >&3; } &
  [ -e stop ] || read -r ORRERY_WORD <&3
  ln "$1/limit" stop 2>/dev/null
  kill -s "$6" 0
  kill -s CONT 0
  orrery_pause "$5"
  orrery_kill
) </dev/null &

if [ -e stop ]; then
  ORRERY_CODE=143
else
  (
    cd "$1/work" && PATH=$8 exec /bin/sh -c "trap exit HUP INT USR1 USR2 TERM
$2"
  ) >>"$1/stdout" 2>>"$1/stderr"
  ORRERY_CODE=$?
fi
ORRERY_ENDING=exited
if [ -e stop ]; then read -r ORRERY_ENDING <stop; fi
printf '%s %s\\n' "$ORRERY_CODE" "$ORRERY_ENDING" >"$1/exit"
kill -s KILL 0
`;
