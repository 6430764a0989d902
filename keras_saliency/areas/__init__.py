"""Areas of interest: their files, masks, and shares of attention."""
from keras_saliency.areas.shares import AttentionShare, area_masks, attention_share

__all__ = ["AttentionShare", "area_masks", "attention_share"]
