/** Reads a mailbox by IMAP, with imapflow: a client that is not ours. */
import { readFileSync } from 'node:fs'
import { ImapFlow } from 'imapflow'
import { defer, type Owner } from './cleanup.ts'
import type { Account, Provider } from './provider.ts'

export interface ReadMessage {
  readonly uid: number
  readonly subject: string
  readonly source: Buffer
  readonly size: number
}

/** A logged-in client. */
export async function connectMailbox(provider: Provider, { address, password }: Account): Promise<ImapFlow> {
  const client = new ImapFlow({
    host: 'localhost',
    port: provider.ports.imaps,
    secure: true,
    auth: { user: address, pass: password },
    tls: { ca: readFileSync(provider.ca) },
    logger: false,
  })
  await client.connect()
  return client
}

/** A logged-in client, logged out after the test. */
export async function openMailbox(owner: Owner, provider: Provider, account: Account): Promise<ImapFlow> {
  const client = await connectMailbox(provider, account)
  defer(owner, () => client.close())
  return client
}

/** All messages of the inbox, by UID. */
export async function readInbox(client: ImapFlow): Promise<ReadMessage[]> {
  const lock = await client.getMailboxLock('INBOX')
  try {
    const messages: ReadMessage[] = []
    if (client.mailbox === false || client.mailbox.exists === 0) return messages
    for await (const { uid, envelope, source, size } of client.fetch('1:*', {
      uid: true,
      envelope: true,
      source: true,
      size: true,
    })) {
      // A change of flags that another client makes meanwhile is told as a FETCH too (RFC 9051 7.5.2).
      if (!source && size === undefined) continue
      if (!source || size === undefined) throw new Error('the server gave no source')
      messages.push({ uid, subject: envelope?.subject ?? '', source, size })
    }
    return messages
  } finally {
    lock.release()
  }
}

/** Waits until the inbox has at least `count` messages that pass `wanted`, and answers them. */
export async function waitForMessages(
  client: ImapFlow,
  count: number,
  wanted: (message: ReadMessage) => boolean = () => true,
): Promise<ReadMessage[]> {
  const deadline = Date.now() + 60_000
  for (;;) {
    const messages = (await readInbox(client)).filter(wanted)
    if (messages.length >= count) return messages
    if (Date.now() > deadline)
      throw new Error(`only ${messages.length} of ${count} messages came: ${messages.map((m) => m.subject).join('; ')}`)
    await client.noop()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
