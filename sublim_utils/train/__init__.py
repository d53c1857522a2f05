"""Fine-tuning LoRA adapters: hyper-parameters, losses, batches, checkpoints and the trainer."""
