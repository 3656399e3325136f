"""What supervisors and Prometheus ask: `/livez`, `/readyz` and `/metrics`."""
