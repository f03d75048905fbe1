/** Who asks: shown when the server wants to know. */
import { useState } from 'preact/hooks'
import { send, urlOf, wordsOf } from '../api/client.ts'

export const Login = () => {
  const [fault, setFault] = useState<string | null>(null)
  const enter = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const given = new FormData(event.currentTarget as HTMLFormElement)
    try {
      await send('POST', urlOf(['login']), {
        user: String(given.get('user') ?? ''),
        password: String(given.get('password') ?? ''),
      })
      location.reload()
    } catch (error) {
      setFault(wordsOf(error))
    }
  }
  return (
    <main class="login">
      <form onSubmit={(event) => void enter(event)}>
        <h1>FSMTP</h1>
        <label>
          Account
          <input name="user" autocomplete="username" required autofocus />
        </label>
        <label>
          Password
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        {fault !== null && (
          <p role="alert" class="fault">
            {fault}
          </p>
        )}
        <button type="submit" class="main">
          Log in
        </button>
      </form>
    </main>
  )
}
