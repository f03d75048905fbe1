/** What each machine is, for readers of its picture, where its definition does not say. No part of its fingerprint. */
export const about: Readonly<Record<string, string>> = {
  session: 'One client’s conversation with us, from its connection to its end.',
  delivery: 'One message on its way to one next hop, from the queue to its outcome.',
}
