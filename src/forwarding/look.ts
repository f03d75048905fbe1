/** Whether a local part looks like a return path that some forwarder wrote. */
export const isReturnPath = (local: string): boolean => /^"?SRS[01][=+-]/i.test(local)
