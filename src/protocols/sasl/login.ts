/** LOGIN: two questions. Never standardised, and the only one that some clients know. */
import { textOf, type Mechanism } from './mechanism.ts'

export const login: Mechanism = {
  name: 'LOGIN',
  isOffered: () => true,
  async run(client, logins) {
    const user = textOf(await client.first('Username:'))
    const password = textOf(await client.ask('Password:'))
    return logins.authenticate(user, password, client.clientAddress)
  },
}
