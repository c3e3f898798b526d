/** The provider's operators: named people who may look after the service. */
import { clientError, temporaryError } from '../base/errors.ts'
import type { Database } from '../storage/database.ts'
import type { LoginBrake } from './login-brake.ts'
import { hashPassword, verifyPassword } from './passwords.ts'

export interface Operators {
  /** Makes an operator, or gives him a new password. @throws `bad-operator-name`, `weak-password` */
  set(name: string, password: string): Promise<void>
  list(): Promise<string[]>
  /** @throws `bad-credentials` (client), `login-throttled` (temporary) */
  authenticate(name: string, password: string, clientAddress: string): Promise<void>
}

const NAME = /^[a-z0-9]+([._-][a-z0-9]+)*$/

export interface OperatorsDeps {
  readonly database: Database
  readonly brake: LoginBrake
  readonly now: () => number
}

export function createOperators({ database: { reader, transactor }, brake, now }: OperatorsDeps): Operators {
  return {
    async set(name, password) {
      if (!NAME.test(name)) throw clientError('bad-operator-name', `"${name}" is not an operator's name such as anna.verdi`)
      const hash = await hashPassword(password)
      await transactor.reference((tx) =>
        tx.query(
          `insert into operator (name, hash, created_at) values ($1, $2, $3) on conflict (name) do update set hash = excluded.hash`,
          [name, hash, new Date(now())],
        ),
      )
    },

    async list() {
      const rows = await reader.read<{ name: string }>('select name from operator order by name')
      return rows.map((row) => row.name)
    },

    async authenticate(name, password, clientAddress) {
      // Operators and holders are counted apart: no address is without "@".
      if (brake.wait(name, clientAddress) > 0)
        throw temporaryError('login-throttled', 'Too many wrong passwords: try again later')
      const [row] = await reader.read<{ hash: string }>('select hash from operator where name = $1', [name])
      const right = row !== undefined && (await verifyPassword(row.hash, password))
      if (!right) {
        brake.failed(name, clientAddress)
        throw clientError('bad-credentials', 'Wrong operator name or password')
      }
      brake.succeeded(name, clientAddress)
    },
  }
}
