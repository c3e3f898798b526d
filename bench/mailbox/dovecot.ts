/**
 * Dovecot as the benchmark measures it: an instance of its own in a temporary folder, with the settings that its manual gives for speed.
 * Login processes serve many connections (`service_count = 0`), mail processes are kept for the next client, passwords are compared as they
 * are, messages lie in mdbox, the fastest of its formats here. What is acknowledged is synced (`mail_fsync = always`), as ours is.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { availableParallelism, userInfo } from 'node:os'
import { join } from 'node:path'
import { defer, type Owner } from '../../test/support/cleanup.ts'
import { execute } from '../../test/support/execute.ts'
import { temporaryFolder } from '../../test/support/provider.ts'
import { ImapClient } from './imap-client.ts'
import { forgetFiles, type MailServer } from './mail-server.ts'
import { makeMessage } from './messages.ts'

const PROGRAM = '/usr/sbin/dovecot'
const AT_A_TIME = 250

/** Is Dovecot there? As root on Debian it is installed. */
export async function ensureDovecot(): Promise<boolean> {
  const isThere = (): boolean => existsSync(PROGRAM) && existsSync('/usr/lib/dovecot/imap')
  if (!isThere() && process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    const environment = { DEBIAN_FRONTEND: 'noninteractive' }
    await execute('apt-get', ['-qq', 'update'], { environment })
    await execute('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', 'dovecot-imapd'], { environment })
  }
  return isThere()
}

export interface DovecotRequest {
  /** paths of PEM files, those of our server */
  readonly certificate: string
  readonly key: string
  readonly ca: string
  readonly accounts: number
  /** seconds after which a connection that idles gives its process back; 0: never, as it comes */
  readonly hibernate: number
}

/** Starts an instance and waits until it greets. */
export async function startDovecot(owner: Owner, request: DovecotRequest): Promise<MailServer> {
  const folder = temporaryFolder(owner)
  const accounts = Array.from({ length: request.accounts }, (_, index) => ({
    address: `titolare${index}@pec.bench.test`,
    password: `parola-${index}-di-prova`,
  }))
  const port = await freePort()
  const configuration = join(folder, 'dovecot.conf')
  writeFileSync(join(folder, 'users'), accounts.map(({ address, password }) => `${address}:{PLAIN}${password}\n`).join(''))
  writeFileSync(configuration, configure(folder, port, request))
  mkdirSync(join(folder, 'mail'))
  chmodSync(join(folder, 'mail'), 0o777)
  const endpoint = { port, ca: readFileSync(request.ca) }
  let running = await run(configuration, folder, endpoint)
  defer(owner, () => running.stop())
  return {
    name: request.hibernate > 0 ? 'Dovecot, hibernating' : 'Dovecot',
    endpoint,
    accounts,
    roots: () => [running.pid],
    async restart() {
      await running.stop()
      await forgetFiles(join(folder, 'mail'))
      running = await run(configuration, folder, endpoint)
    },
    async fill(account, name, first, count) {
      const client = await ImapClient.open(endpoint, account)
      if (name !== 'INBOX') await client.command(`CREATE ${name}`)
      for (let at = 0; at < count; at += AT_A_TIME) {
        const messages = Array.from({ length: Math.min(AT_A_TIME, count - at) }, (_, index) => makeMessage(first + at + index))
        await client.append(name, messages)
      }
      await client.close()
    },
    check: async () => ({
      good: true,
      says: readFileSync(join(folder, 'log'), 'utf8')
        .split('\n')
        .filter((line) => /error|panic|fatal/i.test(line))
        .join('\n'),
    }),
    stop: () => running.stop(),
  }
}

/** As root Dovecot gives its rights away to the users of its package; else it keeps to its own user. */
function configure(folder: string, port: number, { certificate, key, hibernate }: DovecotRequest): string {
  const root = process.getuid?.() === 0
  const { username, gid } = userInfo()
  const group = new RegExp(`^([^:]+):[^:]*:${gid}:`, 'm').exec(readFileSync('/etc/group', 'utf8'))?.[1] ?? username
  const [mailUser, mailGroup] = root ? ['mail', 'mail'] : [username, group]
  const users = root
    ? ''
    : `default_internal_user = ${username}\ndefault_login_user = ${username}\ndefault_internal_group = ${group}\n`
  const chroot = root ? '' : 'chroot =\n'
  return `${users}base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <${certificate}
ssl_key = <${key}
auth_mechanisms = plain
passdb {
  driver = passwd-file
  args = ${folder}/users
}
userdb {
  driver = static
  args = uid=${mailUser} gid=${mailGroup} home=${folder}/mail/%u
}
first_valid_uid = 1
first_valid_gid = 1
mail_location = mdbox:~/mdbox
mail_fsync = always
mail_max_userip_connections = 100000
imap_hibernate_timeout = ${hibernate} secs
service imap-login {
  ${chroot}service_count = 0
  client_limit = 5000
  process_min_avail = ${availableParallelism()}
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = ${port}
    ssl = yes
  }
}
service imap {
  service_count = ${hibernate > 0 ? 1 : 1000}
  process_min_avail = ${availableParallelism()}
  process_limit = 5000
  unix_listener imap-master {
    user = ${root ? '$default_internal_user' : username}
  }
}
service imap-hibernate {
  client_limit = 5000
  unix_listener imap-hibernate {
    mode = 0666
  }
}
service anvil {
  ${chroot}client_limit = 20000
}
service auth {
  client_limit = 20000
}
service stats {
  client_limit = 20000
}
`
}

interface Running {
  readonly pid: number
  stop(): Promise<void>
}

async function run(configuration: string, folder: string, endpoint: { port: number; ca: Buffer }): Promise<Running> {
  const child: ChildProcess = spawn(PROGRAM, ['-F', '-c', configuration], { stdio: 'ignore' })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  for (let attempt = 0; ; attempt++) {
    const client = await ImapClient.connect(endpoint).catch(() => undefined)
    client?.destroy()
    if (client) break
    if (attempt > 100 || child.exitCode !== null) {
      const log = existsSync(join(folder, 'log')) ? readFileSync(join(folder, 'log'), 'utf8') : ''
      throw new Error(`Dovecot did not start:\n${log}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return {
    pid: child.pid ?? 0,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      await exited
    },
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
