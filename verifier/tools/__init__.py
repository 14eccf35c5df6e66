"""What the commands do, without their options: reports for people, folders and streams of codes, the doctor, the vectors."""
