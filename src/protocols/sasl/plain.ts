/** PLAIN (RFC 4616): authorization identity, authentication identity, password, with NUL between them. */
import { checkAuthorization, saslSyntax, textOf, type Mechanism } from './mechanism.ts'

export const plain: Mechanism = {
  name: 'PLAIN',
  isOffered: () => true,
  async run(client, logins) {
    const [authorization, user, password, ...rest] = textOf(await client.first()).split('\0')
    if (authorization === undefined || !user || password === undefined || rest.length > 0) throw saslSyntax('Not a PLAIN message')
    checkAuthorization(authorization, user)
    return logins.authenticate(user, password, client.clientAddress)
  },
}
