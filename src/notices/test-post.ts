/** For tests: the post of a test desk, with a real SMTP server for all the world, and what it received. */
import { generateKeyPairSync } from 'node:crypto'
import type { TestContext } from 'node:test'
import { dkimVerify } from 'mailauth/lib/dkim/verify.js'
import type { SMTPServerOptions } from 'smtp-server'
import type { EventSink } from '../base/events.ts'
import type { openTestDesk } from '../registry/agreement/test-desk.ts'
import { testMailer } from '../transport/test-mailer.ts'
import { startServer, type Received } from '../transport/test-smtp.ts'
import { createTasks } from '../transport/tasks.ts'
import { createBounces } from './bounces.ts'
import { createPostDesk } from './desk.ts'
import { dkimRecord } from './dkim-record.ts'
import type { Place } from './letters/wording.ts'
import { createPost } from './post.ts'
import { createPostman } from './postman.ts'
import { postQueries } from './queries.ts'
import { createReturnPaths } from './return-path.ts'
import { createNoticeSender, NOTICE } from './sender.ts'

export const PLACE: Place = {
  provider: 'Gestore di Prova',
  web: 'https://pec.prova.test',
  serverName: 'mail.prova.test',
  ports: { imaps: 993, pop3s: 995, submissions: 465 },
  bankAccount: 'IT60 X054 2811 1010 0000 0123 456, Gestore di Prova',
}

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const RECORD = dkimRecord(PEM, 'sel', 'prova.test')

type Desk = Awaited<ReturnType<typeof openTestDesk>>

export async function openTestPost(context: TestContext, desk: Desk) {
  const { database, clock } = desk
  const now = (): number => clock.now
  /** what the server says to a recipient; null: it takes the mail */
  const server = { refusal: null as { readonly code: number; readonly words: string } | null }
  const onRcptTo: SMTPServerOptions['onRcptTo'] = (_address, _session, callback) => {
    const { refusal } = server
    callback(refusal ? Object.assign(new Error(refusal.words), { responseCode: refusal.code }) : null)
  }
  const smtp = await startServer(null, { onRcptTo })
  context.after(() => smtp.close())
  const reports: { name: string; data: unknown }[] = []
  const report: EventSink = (name, data) => void reports.push({ name, data })
  const mailer = testMailer(context, smtp.port, { dkim: { selector: 'sel', privateKey: PEM }, report })
  /** what happens between the other server's answer and our note of it */
  const hooks = { afterSending: (): void => undefined }
  const queries = postQueries(database)
  const post = createPost(queries, now)
  const returnPaths = createReturnPaths('prova.test')
  const sender = createNoticeSender({ ...desk, post, place: PLACE, report, now })
  const tasks = createTasks(report, 'post')
  const told: unknown[] = []
  const postman = createPostman({
    queries,
    mailer: {
      async send(mail) {
        const results = await mailer.send(mail)
        hooks.afterSending()
        return results
      },
    },
    destinationOf: async (domain) => domain,
    tasks,
    returnPaths,
    from: { name: 'Gestore di Prova', address: 'avvisi@prova.test' },
    listeners: { [NOTICE]: sender.undeliverable, alert: async (mail) => void told.push(mail) },
    report,
    now,
  })

  /** Takes out all that is due now. */
  async function drain(): Promise<void> {
    for (let more = true; more;) {
      more = false
      for (const queue of [sender.queue, postman])
        for (const slot of await queue.dueSlots(new Date(now()))) {
          more = true
          await queue.workOff(slot)
          await tasks.settled()
        }
    }
  }

  return {
    server,
    hooks,
    reports,
    told,
    queries,
    post,
    sender,
    bounces: createBounces({ queries, returnPaths, report, now }),
    desk: createPostDesk(queries, desk.notices, now),
    drain,
    /** What came since the last time. */
    received: (): Received[] => smtp.received.splice(0),
  }
}

/** What an independent verifier says of the signatures. */
export async function dkimResults(message: Buffer): Promise<string[]> {
  const resolver = (name: string) => Promise.resolve(name === RECORD.name ? [[RECORD.value]] : [])
  const { results } = await dkimVerify(message, { resolver })
  return results.map(({ status, signingDomain }) => `${status.result} ${signingDomain}`)
}

/** A report of a failure, as another server makes it (RFC 3464). */
export const failureReport = (action: string, status: string, diagnostic: string): Buffer =>
  Buffer.from(
    [
      'From: MAILER-DAEMON@example.it',
      'Subject: Undelivered Mail',
      'MIME-Version: 1.0',
      'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain',
      '',
      'It could not be delivered.',
      '--b',
      'Content-Type: message/delivery-status',
      '',
      'Reporting-MTA: dns; mx.example.it',
      '',
      'Final-Recipient: rfc822; mario@example.it',
      `Action: ${action}`,
      `Status: ${status}`,
      `Diagnostic-Code: smtp; ${diagnostic}`,
      '',
      '--b--',
      '',
    ].join('\r\n'),
  )
