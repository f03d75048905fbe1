/** Resident memory of another process, as Linux counts it (`/proc/PID/status`). Bytes. */
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from './client.ts'

const kibibytes = (pid: number, field: string): number => {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const line = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)
  if (line === null) throw new Error(`/proc/${pid}/status has no ${field}`)
  return Number(line[1]) * 1024
}

export const resident = (pid: number): number => kibibytes(pid, 'VmRSS')
/** The most there ever was. */
export const highWater = (pid: number): number => kibibytes(pid, 'VmHWM')
/** `5` to `clear_refs` sets the high-water mark back to what is resident now (proc(5)). */
const resetHighWater = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, '5')

/** Waits until resident memory has not moved by more than 1% for two seconds, half a minute at most. */
export const settled = async (pid: number): Promise<number> => {
  const deadline = performance.now() + 30_000
  let before = resident(pid)
  while (performance.now() < deadline) {
    await pause(2000)
    const now = resident(pid)
    if (Math.abs(now - before) < before / 100) return now
    before = now
  }
  return before
}

const open = async (port: number, count: number): Promise<readonly Client[]> => {
  const clients: Client[] = []
  while (clients.length < count) {
    const some = Math.min(50, count - clients.length)
    clients.push(...(await Promise.all(Array.from({ length: some }, () => Client.open(port)))))
  }
  return clients
}

/** Sessions opened before counting begins: they fill what room the heap has left. */
const forerunners = 500

/** Bytes for each of `count` sessions that said EHLO and then nothing. */
export const measureIdle = async (server: { port: number; pid: number }, count: number): Promise<number> => {
  const clients = [...(await open(server.port, forerunners))]
  const before = await settled(server.pid)
  clients.push(...(await open(server.port, count)))
  const after = await settled(server.pid)
  for (const client of clients) client.close()
  return (after - before) / count
}

const line = Buffer.from(`${'x'.repeat(98)}\r\n`)

/** One message of `size` bytes, in pieces of 64 KiB, as fast as it is taken. */
export const sendLarge = async (port: number, size: number): Promise<void> => {
  const client = await Client.open(port)
  await client.envelope()
  await client.write(Buffer.from('Subject: large\r\n\r\n'))
  const piece = Buffer.concat(Array.from({ length: 655 }, () => line))
  for (let sent = 0; sent < size; sent += piece.length) await client.write(piece)
  await client.say('.', '250')
  client.close()
}

/** By how much resident memory rose at its highest while one message of `size` bytes was taken. */
export const measureLarge = async (server: { port: number; pid: number }, size: number): Promise<number> => {
  const before = await settled(server.pid)
  resetHighWater(server.pid)
  await sendLarge(server.port, size)
  return highWater(server.pid) - before
}
