"""Models as a person has them: listed, shown, compared, activated, brought in and out."""
