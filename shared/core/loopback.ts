/** Whether the host of `HOST` or `HOST:PORT` is this machine, by its name. */
export function isLoopback(endpoint: string): boolean {
  const host = endpoint.replace(/:\d+$/, "").toLowerCase();
  return (
    host === "localhost" || host === "[::1]" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host)
  );
}
