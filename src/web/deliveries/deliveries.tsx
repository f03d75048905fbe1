export const Deliveries = () => <h1>Deliveries</h1>
