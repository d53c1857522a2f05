"""The small networks of Cloud et al. 2025 (section 6) and the theorem behind them."""
