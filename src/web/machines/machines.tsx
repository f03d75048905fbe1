export const Machines = () => <h1>Machines</h1>
